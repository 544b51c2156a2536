package web

// Connection is a pooled connection to the store.
type Connection struct{ address string }

// Close gives the connection back to the pool.
func (c *Connection) Close() {
	pool.put(c)
}
