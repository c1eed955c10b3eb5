"""The only door by which documents change.

    submit(document, step, by, now)
       1 lock the credit account(s), primary-key order
       2 run the step inside a savepoint
       3 post the difference to the exposure ledger
       4 read the exposure with the document in it, once
       5 evaluate(case, policy): findings, exclusions, outcome
       6 held: roll the step back (the document stays, saved), open or refresh the hold; else close what healed
       7 record the decision: inputs, policy version, every finding with its measured value
       8 write alert rows for thresholds crossed

`check` and `check_step` say the same without locks or writes; `record` takes history over; `release`, `reject` and `force` decide holds.
"""

from approvals.dryrun import Trial, check, check_step
from approvals.releasing import force, reject, release
from approvals.submission import Result, record, submit

__all__ = ["Result", "Trial", "check", "check_step", "force", "record", "reject", "release", "submit"]
