package parse

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
)

// source hands out a text line by line, counting lines and bytes, and never
// holds more than one row.
type source struct {
	r      *bufio.Reader
	end    byte // of a line: '\n', or '\r' in a file that has no '\n'
	line   int  // in which the next byte stands
	offset int64
	limit  int // bytes of a row
}

func newSource(r io.Reader, limit int) *source {
	s := &source{r: bufio.NewReaderSize(r, bufferSize), end: '\n', line: 1, limit: limit}
	// What old Macs wrote ends lines with a lone '\r'.
	sample, _ := s.r.Peek(sampleSize)
	if bytes.IndexByte(sample, '\r') >= 0 && bytes.IndexByte(sample, '\n') < 0 {
		if at := bytes.IndexByte(sample, '\r'); at < len(sample)-1 {
			s.end = '\r'
		}
	}
	return s
}

// appendLine appends the next line with its end to row, which began in line
// start. At the end of the text it returns io.EOF and row as it is.
func (s *source) appendLine(row []byte, start int) ([]byte, error) {
	before := len(row)
	for {
		part, err := s.r.ReadSlice(s.end)
		s.offset += int64(len(part))
		if len(row)+len(part) > s.limit+2 { // the end is not counted
			return row, s.tooLong(start)
		}
		row = append(row, part...)
		switch {
		case err == nil:
			s.line++
			return row, nil
		case err == bufio.ErrBufferFull:
		case err == io.EOF && len(row) > before:
			return row, nil
		default:
			return row, readError(err, s.line)
		}
	}
}

// skipLine moves past a line of any length without keeping it.
func (s *source) skipLine() error {
	for {
		part, err := s.r.ReadSlice(s.end)
		s.offset += int64(len(part))
		switch {
		case err == nil:
			s.line++
			return nil
		case err != bufio.ErrBufferFull:
			return readError(err, s.line)
		}
	}
}

func (s *source) tooLong(start int) error {
	return fail(CodeLineTooLong, start, fmt.Sprintf("The row has more than %d bytes.", s.limit))
}

// text is a row as it is kept: without its end, and with '\n' where an old Mac
// has written '\r'.
func (s *source) text(row []byte) string {
	if s.end == '\r' {
		row = bytes.ReplaceAll(row, []byte{'\r'}, []byte{'\n'})
	}
	return string(trimEnd(row))
}

// trimEnd removes the end of a line.
func trimEnd(line []byte) []byte { return bytes.TrimRight(line, "\r\n") }
