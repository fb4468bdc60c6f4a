"""Text tables and spreadsheets -> columns."""
