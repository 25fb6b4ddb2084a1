"""What every REST API of ours takes and answers alike, whatever serves it."""
