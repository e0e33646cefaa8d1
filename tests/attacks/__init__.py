"""Programs that attack a gateway, each a process of its own, and a Twilio that helps them."""
