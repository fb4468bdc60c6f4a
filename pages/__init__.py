"""The pages of the web app: widgets, a call to the core, and what came back. Nothing is computed here."""
