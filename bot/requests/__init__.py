"""A member's request, from what the command says to the row that is the job."""
