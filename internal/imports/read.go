package imports

import "time"

// Outcome is the result of a row, with the row itself where it is kept.
type Outcome struct {
	Result
	Row *Row
}

// Filter selects imports of one tenant.
type Filter struct {
	AccountID     string
	Status        Status
	CreatedBy     string
	CreatedAfter  time.Time
	CreatedBefore time.Time
	Limit         int
	Cursor        string
}

// Match says whether an import is one of those; the index takes care of the times.
func (f Filter) Match(i Import) bool {
	return (f.AccountID == "" || f.AccountID == i.AccountID) && (f.Status == "" || f.Status == i.Status) &&
		(f.CreatedBy == "" || f.CreatedBy == i.CreatedBy)
}

// Page is one page of a list.
type Page struct {
	Imports []Import
	// Next is the cursor of the next page, "" at the end.
	Next string
}
