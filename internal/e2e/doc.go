// Package e2e holds tests that start the real programs as processes of their
// own, on a Redis of their own, against imitation CRMs over HTTP.
package e2e
