"""Sends HTTP requests to Twilio, and returns values or errors of the gateway."""
