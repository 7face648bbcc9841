"""What comes in besides ShakeMaps: PetaBencana's hours and their changes, ash falls and their uploads."""
