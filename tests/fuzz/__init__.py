"""`python -m tests.fuzz`: hostile input for a real server, thousands of cases of it."""
