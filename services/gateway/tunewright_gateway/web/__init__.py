"""The dashboard's server side: its files, and its calls passed on to the services as they are (docs/adr/0039)."""
