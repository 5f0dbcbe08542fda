"""Honours 荣誉: rounds with criteria as data, nominations, public notice with objections, awards, certificates, revocation."""
