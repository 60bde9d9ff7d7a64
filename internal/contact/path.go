package contact

import (
	"strconv"
	"strings"
)

// path is where a value stands in the document: a chain up to the root, which
// is nil, so that nothing is spelt out before there is a problem to report.
type path struct {
	parent *path
	key    string
	index  int // of an array's item, else -1
	// sealed marks a string that holds a JSON text of its own: a pointer can
	// name the string, and nothing inside it.
	sealed bool
}

func (p *path) member(key string) path { return path{parent: p, key: key, index: -1} }
func (p *path) item(index int) path    { return path{parent: p, index: index} }

// pointer spells the path as a JSON Pointer, up to the first sealed or
// overlong step.
func (p *path) pointer() string {
	var steps []*path
	for ; p != nil; p = p.parent {
		steps = append(steps, p)
	}
	var b strings.Builder
	for i := len(steps) - 1; i >= 0; i-- {
		step := steps[i]
		if len(step.key) > maxPointerKey {
			break
		}
		b.WriteByte('/')
		if step.index >= 0 {
			b.WriteString(strconv.Itoa(step.index))
		} else {
			b.WriteString(escapePointer(step.key))
		}
		if step.sealed {
			break
		}
	}
	return b.String()
}
