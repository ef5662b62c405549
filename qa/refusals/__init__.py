"""Pure: what makes a text no question for this site, by kind. qa/questions.py puts the rules in order."""
