; C adds nothing to what it shares with C++.
