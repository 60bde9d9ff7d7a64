package job

// Waiting counts the creates that wait for a call to end.
func (c *Coalescer) Waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, g := range c.groups {
		n += len(g.waiting)
	}
	return n
}
