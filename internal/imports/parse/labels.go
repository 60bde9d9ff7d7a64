package parse

import "strings"

// labels holds, in order of precedence, the words by which programs label a
// number or an address, and the type that each stands for: a work fax is a fax.
var labels = []struct{ word, means string }{
	{"fax", "fax"}, {"pager", "pager"},
	{"mobile", "mobile"}, {"cell", "mobile"}, {"handy", "mobile"}, {"iphone", "mobile"}, {"mobil", "mobile"},
	{"assistant", "assistant"},
	{"work", "work"}, {"business", "work"}, {"office", "work"}, {"arbeit", "work"}, {"company", "work"},
	{"home", "home"}, {"private", "home"}, {"personal", "home"}, {"privat", "home"},
	{"other", "other"}, {"main", "main"},
}

// silent are labels that tell nothing of the kind.
var silent = []string{"internet", "pref", "voice", "msg", "text", "x400", "dom", "intl", "postal", "parcel", "video"}

// typeOf is the contact's type for what a program labels an entry with: of
// several labels the one that tells most, of unknown ones the first as it is.
func typeOf(given ...string) string {
	best, free := len(labels), ""
	for _, label := range given {
		label = cleanLabel(label)
		if label == "" || isSilent(label) {
			continue
		}
		known := false
		for i, l := range labels {
			if strings.Contains(strings.ToLower(label), l.word) {
				best, known = min(best, i), true
				break
			}
		}
		if !known && free == "" {
			free = strings.ToLower(label)
		}
	}
	if best < len(labels) {
		return labels[best].means
	}
	return free
}

func isSilent(label string) bool {
	for _, s := range silent {
		if strings.EqualFold(s, label) {
			return true
		}
	}
	return false
}

// cleanLabel removes the star with which Google marks the main entry, and the
// brackets that Apple puts around its own labels.
func cleanLabel(label string) string {
	label = strings.TrimSpace(label)
	label = strings.TrimSpace(strings.TrimPrefix(label, "*"))
	label = strings.TrimSuffix(strings.TrimPrefix(label, "_$!<"), ">!$_")
	return strings.TrimSpace(label)
}
