"""Binary files of numbers -> columns."""
