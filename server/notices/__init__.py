"""What people are told: in the app, and by e-mail where they ask for it."""
