"""What stands behind the Makefile: setting up, embedded servers, running. None of it imports Django."""
