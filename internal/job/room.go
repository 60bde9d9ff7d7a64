package job

import "time"

// Work is a kind of new work. When room gets short, the larger is refused first.
type Work string

// The kinds of work.
const (
	OneContact Work = "contact"
	ManyRows   Work = "import"
)

// Room says whether there is room for more work.
type Room interface {
	// Admit refuses work with a Full.
	Admit(w Work) error
	// RetryAfter is roughly how long it takes until there is room again.
	RetryAfter() time.Duration
}

// Full is ErrFull with roughly how long it takes until there is room.
type Full struct{ RetryAfter time.Duration }

func (f *Full) Error() string { return ErrFull.Error() }

// Unwrap makes it ErrFull.
func (f *Full) Unwrap() error { return ErrFull }
