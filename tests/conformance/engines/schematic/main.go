// Command schematic-id tells the id that the Image Factory gives to a schematic, by the Factory's own code.
//
// It reads one JSON object a schematic from standard input, for as long as there are any:
//
//	{"name": "vps0", "schematic": "customization: {}\n"}
//
// and answers each with one line: the id, and the text that the Factory keeps under it.
//
//	{"name": "vps0", "id": "376567988ad3…", "text": "customization: {}\n", "error": ""}
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/siderolabs/image-factory/pkg/schematic"
)

type question struct {
	Name      string `json:"name"`
	Schematic string `json:"schematic"`
}

type answer struct {
	Name  string `json:"name"`
	ID    string `json:"id"`
	Text  string `json:"text"`
	Error string `json:"error"`
}

func ask(question question) answer {
	answer := answer{Name: question.Name}

	read, err := schematic.Unmarshal([]byte(question.Schematic))
	if err == nil {
		answer.ID, err = read.ID()
	}

	if err == nil {
		var text []byte

		text, err = read.Marshal()
		answer.Text = string(text)
	}

	if err != nil {
		answer.Error = err.Error()
	}

	return answer
}

func run(in io.Reader, out io.Writer) error {
	decoder := json.NewDecoder(in)
	decoder.DisallowUnknownFields()

	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)

	for {
		var question question

		if err := decoder.Decode(&question); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}

		if err := encoder.Encode(ask(question)); err != nil {
			return err
		}
	}
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "schematic-id:", err)
		os.Exit(2)
	}
}
