package imports

import (
	"fmt"

	"crmferry/internal/fault"
)

// Decision is what becomes of a row whose client_ref may have come before. The
// zero one: it is carried out as any other.
type Decision struct {
	// Wait: the earlier row is under way, and the row waits for its end.
	Wait bool
	// Update is the remote id of the record that the row is to update, "" for
	// none.
	Update string
	// Result is what becomes of the row without a call. Its Index, Line,
	// ClientRef, Warnings, Metadata and Digest are left to who knows the row.
	Result *Result
}

// Codes of rows that are not carried out for their client_ref's sake.
const (
	codeRefChanged   = "client_ref_changed"
	codeRefTwice     = "duplicate_client_ref"
	codeRefUncertain = "earlier_row_unknown"
)

// Decide tells what becomes of a row. An earlier one that failed or was
// cancelled has written nothing: the row is carried out, whatever its content,
// so that the corrected rows of a file can be sent again. Of an earlier one that
// ended unknown the CRM may hold the contact: nothing is sent.
func Decide(p Prior, on OnChanged) Decision {
	switch {
	case !p.Found || p.Result != nil && writtenNothing(p.Result.Status):
		return Decision{}
	case p.Result == nil && p.Within:
		return refused(fault.Invalid, codeRefTwice, fmt.Sprintf("line %d of the file has the same client_ref", p.Line))
	case p.Result == nil:
		return Decision{Wait: true}
	case !p.Same && on != ChangedUpdate:
		return refused(fault.Invalid, codeRefChanged, fmt.Sprintf("line %d of %s has the same client_ref and other content; see on_changed", p.Line, p.Import))
	case p.Result.Status == RowUnknown:
		d := refused(fault.OutcomeUnknown, codeRefUncertain, fmt.Sprintf("line %d of %s has the same client_ref, and whether it was written is not known", p.Line, p.Import))
		d.Result.Status = RowUnknown
		return d
	case p.Same:
		return Decision{Result: &Result{Status: RowSkipped, RemoteID: p.Result.RemoteID}}
	case p.Result.RemoteID == "":
		return refused(fault.Invalid, codeRefChanged, fmt.Sprintf("line %d of %s has the same client_ref, and its record's id is not known", p.Line, p.Import))
	default:
		return Decision{Update: p.Result.RemoteID}
	}
}

func refused(kind fault.Kind, code, message string) Decision {
	return Decision{Result: &Result{Status: RowFailed, Error: fault.New(kind, code, message)}}
}
