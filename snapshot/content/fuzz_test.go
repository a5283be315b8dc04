package content

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/ebsim/ebsim/internal/blob"
	"github.com/stretchr/testify/require"
)

// FuzzPage has every page that decodes encode to itself, with the sums that
// its entries have.
func FuzzPage(f *testing.F) {
	objects, keys := blob.Memory(), NewKeys(NewKey())
	commit(f, New(objects), 1<<21, Root{}, keys, model{0: 1, 1: 1, 1500: 3, 1<<21 - 1: 4})
	for name := range stored(f, objects) {
		data, err := objects.Get(f.Context(), name)
		require.NoError(f, err)
		f.Add(data)
		if len(data) > 20 {
			f.Add(data[:len(data)-1])
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := decodePage(data)
		if err != nil {
			return
		}
		b := newBuilder(p.place)
		b.load(p)
		again, total := b.encode()
		require.Equal(t, data, again)
		require.Equal(t, p.sums, total)
		require.LessOrEqual(t, len(data), maxPageSize)
	})
}

// FuzzRoot has every text that parses be the text of its Root.
func FuzzRoot(f *testing.F) {
	s, keys := New(blob.Memory()), NewKeys(NewKey())
	root, _ := commit(f, s, 5000, Root{}, keys, model{0: 1, 4999: 2})
	for _, text := range []string{root.String(), Root{}.String(), Root{size: 9}.String(), "", "tree1", "tree1:::::", "tree1:+1:0:0:0:-", "tree2:0:0:0:0:-"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		root, err := ParseRoot(text)
		if err != nil {
			require.Zero(t, root)
			return
		}
		require.Equal(t, text, root.String())
		require.GreaterOrEqual(t, root.Blocks(), root.Present())
		require.LessOrEqual(t, root.Height(), maxLevel+1)
	})
}

// FuzzNames has every object's and writer's name that parses be its name.
func FuzzNames(f *testing.F) {
	id := ObjectID{WriterID{1, 2}, [32]byte{3}}
	f.Add(id.String())
	f.Add(id.Writer.String())
	f.Add(strings.ToUpper(id.String()))
	f.Add("0102/03/03")
	f.Fuzz(func(t *testing.T, name string) {
		if id, err := parseObject(name); err == nil {
			require.Equal(t, name, id.String())
		}
		if id, err := ParseWriterID(name); err == nil {
			require.Equal(t, name, id.String())
		}
	})
}

func TestPageErrors(t *testing.T) {
	b := newBuilder(place{0, 2048})
	b.entries[5] = Entry{Index: 2053, Object: ObjectID{Writer: WriterID{1}}, Stored: 10, Plain: 100, Codec: CodecZstd}
	good, _ := b.encode()
	_, err := decodePage(good)
	require.NoError(t, err)
	b = newBuilder(place{1, 1 << 20})
	b.refs[5] = ref{ObjectID{Writer: WriterID{1}}, sums{1024, 1024 * BlockSize, 1024}}
	upper, _ := b.encode()
	_, err = decodePage(upper)
	require.NoError(t, err)
	entry, at := pageHeader+objectSize+16, func(page []byte, i int, b byte) []byte {
		page = bytes.Clone(page)
		page[i] = b
		return page
	}
	for want, data := range map[string][]byte{
		"not a page":                at(good, 0, 'E'),
		"page version 2":            at(good, 8, 2),
		"level 3":                   at(good, 9, 3),
		"first index 2048 at":       at(good, 9, 1),
		"first index 2049":          at(good, 19, 1),
		"1 slots present, 2 announ": at(good, 11, 2),
		"2 slots present":           at(good, 147, 1),
		"449 bytes":                 append(bytes.Clone(upper), make([]byte, 449-len(upper))...),
		"a plain length of 0":       at(good, entry+7, 0),
		"a plain length of 16777":   at(good, entry+4, 1),
		"lengths 95 and 100":        at(good, entry+3, 95),
		"lengths 0 and 100":         at(good, entry+3, 0),
		"uncompressed":              at(good, entry+8, 0),
		"codec 2":                   at(good, entry+8, 2),
		"without an object":         at(good, pageHeader, 0),
		"impossible sums":           at(upper, pageHeader, 0),
		"slot 5 is a page":          at(upper, pageHeader+objectSize+6, 5),
	} {
		_, err := decodePage(data)
		require.ErrorContains(t, err, want)
	}
	_, err = decodePage(nil)
	require.Error(t, err)
}

func TestRootText(t *testing.T) {
	s, keys := New(blob.Memory()), NewKeys(NewKey())
	root, _ := commit(t, s, 5000, Root{}, keys, model{0: 1, 4999: 2})
	for _, want := range []Root{root, {}, {size: 77}, {size: MaxBlocks}} {
		text, err := json.Marshal(want)
		require.NoError(t, err)
		var got Root
		require.NoError(t, json.Unmarshal(text, &got))
		require.Equal(t, want, got)
	}
	require.Equal(t, "tree1:0:0:0:0:-", Root{}.String())
	top := root.String()[strings.LastIndexByte(root.String(), ':')+1:]
	for want, text := range map[string]string{
		"unknown version":       "tree2:0:0:0:0:-",
		"parts instead of 6":    "tree1:0:0:0:0",
		"invalid syntax":        "tree1:0:0:x:0:-",
		"out of range":          "tree1:-1:0:0:0:-",
		"canonical":             "tree1:00:0:0:0:-",
		"counts without":        "tree1:5:1:1:1:-",
		"80 hexadecimal digits": "tree1:5:1:1:1:00",
		"impossible counts":     "tree1:5:6:6:6:" + top,
		"not the canonical":     "tree1:5:1:1:1:" + strings.ToUpper(top),
	} {
		_, err := ParseRoot(text)
		require.ErrorContains(t, err, want, text)
	}
	_, err := ParseRoot(strings.Repeat("x", math.MaxInt16))
	require.Less(t, len(err.Error()), 400)
}
