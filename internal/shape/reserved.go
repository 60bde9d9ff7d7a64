package shape

// Unreserved leaves out and reports the custom field with that key, by
// whichever of its names it was sent: we set it ourselves. "" is no key.
func Unreserved(custom map[string]any, all []Definition, key string, warn Warn) map[string]any {
	for _, name := range Keys(custom) {
		if key != "" && DefinedKey(name, all) == key {
			custom = Without(custom, name, warn)
		}
	}
	return custom
}

// DefinedKey is the key of a custom field; of one that is not defined, the
// name by which it goes.
func DefinedKey(name string, all []Definition) string {
	if d, known := Defined(name, all); known {
		return d.Key
	}
	return name
}

// Foremost puts the first entry that is the primary one at the head of a list:
// it need not come first.
func Foremost[T any](list []T, primary func(T) bool) []T {
	for i, entry := range list {
		if primary(entry) {
			return append(append([]T{entry}, list[:i]...), list[i+1:]...)
		}
	}
	return list
}
