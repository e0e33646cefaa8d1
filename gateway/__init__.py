"""Serves a GraphQL API over Twilio's Voice Insights Call Summary API."""

__version__ = "0.1.0"
