package parse

import (
	"io"
	"strings"
)

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
	switch {
	case !p.begun && p.format == JSON:
		before, after = "[\n", ""
	case p.format == JSON:
		before, after = ",\n", ""
	case !p.begun:
		before = p.preamble
	}
	p.begun = true
	_, err := io.Copy(p.w, io.MultiReader(strings.NewReader(before), strings.NewReader(raw), strings.NewReader(after)))
	return err
}

// Close ends the file, and leaves the writer open.
func (p *Postback) Close() error {
	end := ""
	switch {
	case p.format == JSON && p.begun:
		end = "\n]\n"
	case p.format == JSON:
		end = "[]\n"
	case !p.begun:
		end = p.preamble
	}
	_, err := io.WriteString(p.w, end)
	return err
}
