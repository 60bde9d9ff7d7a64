package app

import (
	"slices"
	"testing"
)

// TestMemoryIsCollectedMoreOftenWhileFilesComeIn however many at once.
func TestMemoryIsCollectedMoreOftenWhileFilesComeIn(t *testing.T) {
	t.Parallel()
	var told []int
	c := &collecting{set: func(percent int) int { told = append(told, percent); return 0 }}
	first, second := c.uploading(), c.uploading()
	first()
	first() // over once
	second()
	c.uploading()()
	if want := []int{gcUploading, gcPercent, gcUploading, gcPercent}; !slices.Equal(told, want) {
		t.Errorf("%v, want %v", told, want)
	}
}
