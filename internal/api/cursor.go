package api

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

const cursorSum = 6 // bytes

// closeCursor makes a store's cursor opaque and ties it to the list that it
// belongs to; nil for none.
func closeCursor(filter, cursor string) *string {
	if cursor == "" {
		return nil
	}
	sealed := base64.RawURLEncoding.EncodeToString([]byte(checksum(filter, cursor) + cursor))
	return &sealed
}

// openCursor gives a store's cursor back. One that no list gave, or another
// list did, is a problem.
func openCursor(filter, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err == nil && len(raw) > cursorSum {
		if cursor := string(raw[cursorSum:]); strings.HasPrefix(string(raw), checksum(filter, cursor)) {
			return cursor, nil
		}
	}
	return "", badCursor()
}

func badCursor() *Problem {
	return invalidRequest(FieldProblem{Pointer: "query.cursor", Code: codeInvalid, Message: "is no cursor of this list with these filters"})
}

func checksum(filter, cursor string) string {
	sum := sha256.Sum256([]byte(filter + "\x00" + cursor))
	return string(sum[:cursorSum])
}
