"""What comes in: how its buckets are listed; PetaBencana's hours and their changes, ash falls and their uploads."""
