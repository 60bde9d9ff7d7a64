package contact

import (
	"slices"
	"strings"
	"unicode"
)

// SplitName divides a full name into first and last name. Particles belong to
// the last name ("Ludwig van Beethoven"), as do suffixes ("King Jr.");
// "Lovelace, Ada" is turned round; a single word is a first name.
func SplitName(name string) (first, last string) {
	name = trimName(name)
	if family, given, ok := strings.Cut(name, ","); ok && !isSuffix(given) {
		return squeeze(trimName(given)), squeeze(family)
	}
	words := strings.Fields(name)
	if len(words) < 2 {
		return strings.Join(words, " "), ""
	}
	from := lastNameIndex(words)
	return strings.Join(words[:from], " "), strings.Join(words[from:], " ")
}

// trimName removes white space and the comma that is left of a list or of an
// empty half ("Lovelace, ").
func trimName(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
}

// lastNameIndex finds where the last name begins, the first word never being
// part of it.
func lastNameIndex(words []string) int {
	from := len(words) - 1
	for from > 1 && isSuffix(words[from]) {
		from--
	}
	for from > 1 {
		switch before := words[from-1]; {
		case isParticle(before):
			from--
		case isConjunction(before) && from > 2:
			from -= 2 // "Ortega y Gasset"
		default:
			return from
		}
	}
	return from
}

// isParticle takes the particles that are often capitalised in either form,
// and those that are given names too ("Ben", "Al") only in lower case.
func isParticle(word string) bool {
	switch word {
	case "vom", "zu", "zum", "zur", "het", "'t", "te", "dello", "do", "das", "des", "lo",
		"af", "av", "bin", "ibn", "bint", "al", "el", "ben":
		return true
	}
	switch strings.ToLower(word) {
	case "van", "von", "der", "den", "ten", "ter", "de", "del", "della", "di", "da", "dos", "du",
		"la", "le", "las", "los", "st.", "saint":
		return true
	}
	return false
}

func isConjunction(word string) bool { return word == "y" || word == "e" || word == "i" }

func isSuffix(word string) bool {
	switch strings.ToLower(strings.Trim(strings.ReplaceAll(word, ".", ""), " ,")) {
	case "jr", "sr", "ii", "iii", "iv", "phd", "md", "esq", "mba":
		return true
	}
	return false
}

// JoinName is the full name of a first and a last name, either of which may
// be empty.
func JoinName(first, last string) string {
	return trimName(first + " " + last)
}

// withNames fills whichever of first, last and full name the others tell.
func (c Contact) withNames() Contact {
	c.Name = trimName(c.Name)
	if c.Name == "" {
		c.Name = JoinName(c.FirstName, c.LastName)
		return c
	}
	if c.FirstName != "" && c.LastName != "" {
		return c
	}
	first, last := SplitName(c.Name)
	switch {
	case c.FirstName == "" && c.LastName == "":
		c.FirstName, c.LastName = first, last
	case c.LastName == "":
		c.LastName = lastBeside(c.FirstName, c.Name, last)
	default:
		c.FirstName = firstBeside(c.LastName, c.Name, first)
	}
	// "Lovelace, Ada" is no way to show a name in a CRM.
	turned := strings.Contains(c.Name, ",") && !SameText(c.Name, JoinName(first, last))
	if turned && c.FirstName != "" && c.LastName != "" {
		c.Name = JoinName(first, last)
	}
	return c
}

// lastBeside returns what follows the known first name in the full name, so
// that "Maria del Carmen" and "Maria del Carmen García" give "García".
func lastBeside(first, name, split string) string {
	words, known := strings.Fields(name), strings.Fields(first)
	if n := len(known); n <= len(words) && equalWords(words[:n], known) {
		return strings.Join(words[n:], " ")
	}
	return split
}

func firstBeside(last, name, split string) string {
	words, known := strings.Fields(name), strings.Fields(last)
	if n := len(words) - len(known); n >= 0 && equalWords(words[n:], known) {
		return strings.Join(words[:n], " ")
	}
	return split
}

func equalWords(a, b []string) bool { return slices.EqualFunc(a, b, strings.EqualFold) }
