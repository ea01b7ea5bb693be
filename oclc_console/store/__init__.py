"""What is remembered: runs and their events, the ledger, OCLC's exceptions, the log and its fold."""
