"""Photos: taken in safely, kept with the prints by which they are known again, shown to whom they belong."""
