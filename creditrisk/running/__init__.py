"""Whether everything runs: what programs ask (health, readiness), what an administrator reads, what was set aside."""
