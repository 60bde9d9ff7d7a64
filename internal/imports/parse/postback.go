package parse

import "io"

// Postback writes rows of an upload into a file of the same format, which can
// be uploaded again with the same options.
type Postback struct {
	w        io.Writer
	format   Format
	preamble string
	begun    bool
}

// NewPostback begins such a file; preamble is the Reader's.
func NewPostback(w io.Writer, f Format, preamble string) *Postback {
	return &Postback{w: w, format: f, preamble: preamble}
}

// Add writes a row's Raw.
func (p *Postback) Add(raw string) error {
	before, after := "", "\n"
	if p.format == JSON {
		before, after = ",\n", ""
	}
	if !p.begun {
		before = p.opening()
	}
	p.begun = true
	for _, text := range []string{before, raw, after} {
		if _, err := io.WriteString(p.w, text); err != nil {
			return err
		}
	}
	return nil
}

// opening is what stands before the first row.
func (p *Postback) opening() string {
	if p.format == JSON {
		return p.preamble + "[\n"
	}
	return p.preamble
}

// Close ends the file, and leaves the writer open.
func (p *Postback) Close() error {
	end := ""
	if p.format == JSON {
		end = "\n]\n"
	}
	if !p.begun {
		end = p.opening() + end
	}
	_, err := io.WriteString(p.w, end)
	return err
}
