package web

// Session is one visitor, known by a signed cookie.
type Session struct {
	ID     string
	closed bool
}

// OpenSession starts a session for a visitor.
func OpenSession(id string) *Session {
	return &Session{ID: id}
}

// Close ends the session; closing twice does nothing.
func (s *Session) Close() {
	if s.closed {
		return
	}
	s.closed = true
}

// VerifyCookie checks the signature of a cookie against the secret.
func VerifyCookie(cookie string, secret []byte) (string, error) {
	payload, signature := split(cookie)
	if !equal(sign(payload, secret), signature) {
		return "", errBadSignature
	}
	return payload, nil
}
