"""Learning 学习: lessons, a question bank, quizzes drawn from it, and sessions to sign up for; it pays nothing itself."""
