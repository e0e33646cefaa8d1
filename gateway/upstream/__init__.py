"""Speaks HTTP to Twilio, and turns whatever comes back into values or errors of ours."""
