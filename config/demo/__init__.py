"""The demo organization: what a newcomer sees first. Everything is written through the services."""
