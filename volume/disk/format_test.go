package disk

import (
	"bytes"
	"encoding/binary"
	"flag"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write testdata/v1 anew")

// sample makes the disk of testdata/v1: three sectors, one of them trimmed,
// and a view that holds the block as it was before.
func sample(t *testing.T, files Files) {
	d, err := Create(files, options(3*SectorSize))
	require.NoError(t, err)
	write(t, d, pattern(2*SectorSize, 1), SectorSize)
	views, err := Freeze([]string{"snap-1"}, d)
	require.NoError(t, err)
	require.NoError(t, d.Trim(2*SectorSize, SectorSize))
	write(t, d, pattern(100, 2), 50)
	require.NoError(t, views[0].Suspend())
	require.NoError(t, d.Close())
}

// TestFormat1 reads what format 1 wrote, and writes the same bytes today.
func TestFormat1(t *testing.T) {
	golden := filepath.Join("testdata", "v1")
	dir := filepath.Join(t.TempDir(), "v1")
	sample(t, Folder(dir))
	if *update {
		require.NoError(t, os.RemoveAll(golden))
		require.NoError(t, os.CopyFS(golden, os.DirFS(dir)))
	}
	entries, err := os.ReadDir(golden)
	require.NoError(t, err)
	require.Len(t, entries, 3)
	for _, e := range entries {
		want, err := os.ReadFile(filepath.Join(golden, e.Name()))
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join(dir, e.Name()))
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got), e.Name())
	}

	old := filepath.Join(t.TempDir(), "old")
	require.NoError(t, os.CopyFS(old, os.DirFS(golden)))
	files := Folder(old)
	require.NoError(t, Check(files))
	d, err := Open(files, Options{Key: testKey(1), BootID: boot1})
	require.NoError(t, err)
	want := make([]byte, 3*SectorSize)
	copy(want[SectorSize:], pattern(2*SectorSize, 1))
	v, err := d.View("snap-1")
	require.NoError(t, err)
	require.Equal(t, want, block(t, v, 0)[:len(want)])
	clear(want[2*SectorSize:])
	copy(want[50:], pattern(100, 2))
	require.Equal(t, want, read(t, d, 0, 3*SectorSize))
	require.NoError(t, v.Close())
	require.NoError(t, d.Close())
}

func reseal(b []byte) []byte {
	binary.LittleEndian.PutUint32(b[len(b)-4:], crc32.Checksum(b[:len(b)-4], castagnoli))
	return b
}

func TestHeaderErrors(t *testing.T) {
	good := header{flags: flagHydrated, size: BlockSize, boot: boot1}
	h, err := parseHeader(good.encode())
	require.NoError(t, err)
	require.Equal(t, good, h)
	for name, c := range map[string]struct {
		spoil func(b []byte) []byte
		want  string
	}{
		"empty":     {func(b []byte) []byte { return nil }, "not a map"},
		"magic":     {func(b []byte) []byte { b[0]++; return b }, "not a map"},
		"version":   {func(b []byte) []byte { b[8] = 2; return reseal(b) }, "version 2"},
		"torn":      {func(b []byte) []byte { b[30]++; return b }, "checksum"},
		"flags":     {func(b []byte) []byte { b[12] = 64; return reseal(b) }, "unknown flags"},
		"size":      {func(b []byte) []byte { b[16] = 1; return reseal(b) }, "bad size"},
		"huge size": {func(b []byte) []byte { b[23] = 0xff; return reseal(b) }, "bad size"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseHeader(c.spoil(good.encode()))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestCheckFinds(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(files Files) error
		want  string
	}{
		"header": {func(files Files) error { return put(files, mapName, 100, "x") }, "header checksum"},
		"mark":   {func(files Files) error { return put(files, mapName, headerSize+1, "\x84") }, "unknown mark of block 1"},
		"long":   {func(files Files) error { return put(files, "data.000", 2*BlockSize, "x") }, "data.000"},
		"beyond": {func(files Files) error { return put(files, "data.001", 0, "x") }, "data.001"},
		"map":    {func(files Files) error { return put(files, mapName, headerSize+2, "\x00") }, "map of 4099 bytes"},
		"alien":  {func(files Files) error { return put(files, "notes", 0, "x") }, "notes"},
	} {
		t.Run(name, func(t *testing.T) {
			files := Memory()
			d := create(t, files, options(2*BlockSize))
			write(t, d, []byte("x"), 0)
			require.NoError(t, d.Close())
			require.NoError(t, Check(files))
			require.NoError(t, c.spoil(files))
			err := Check(files)
			require.ErrorIs(t, err, ErrDamaged)
			require.ErrorContains(t, err, c.want)
		})
	}
	require.Error(t, Check(Memory()), "no map")
}

func put(files Files, name string, off int64, s string) error {
	f, err := files.Open(name, true)
	if err != nil {
		return err
	}
	return f.WriteAt([]byte(s), off)
}

func FuzzMapHeader(f *testing.F) {
	f.Add(header{size: BlockSize, flags: flagEncrypted, boot: boot1, keyCheck: [16]byte{9}}.encode())
	f.Add(make([]byte, headerSize))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == headerSize {
			reseal(b) // past the checksum
		}
		h, err := parseHeader(b)
		if err != nil {
			return
		}
		require.NoError(t, checkSize(h.size))
		again, err := parseHeader(h.encode())
		require.NoError(t, err)
		require.Equal(t, h, again)
	})
}

// FuzzViewFile opens a disk with any view file: it is taken up, in part, or
// lost, and what it cannot show is an error.
func FuzzViewFile(f *testing.F) {
	head := viewHeader{size: 2 * SectorSize, boot: boot1}.encode()
	saved := make([]byte, recordSize+2*SectorSize)
	copy(saved[recordSize:], pattern(2*SectorSize, 1))
	record{kind: recordSaved, n: 2 * SectorSize, sum: crc32.Checksum(saved[recordSize:], castagnoli)}.put(saved)
	hole := make([]byte, recordSize)
	record{kind: recordHole, seq: 1}.put(hole)
	f.Add(head, saved, hole)
	f.Add(head, hole, saved)
	f.Add([]byte("x"), []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, head, one, two []byte) {
		if len(head) == viewHeaderSize {
			reseal(head)
		}
		for _, r := range [][]byte{one, two} {
			if len(r) >= recordSize {
				reseal(r[:recordSize])
			}
		}
		files := Memory()
		opt := options(2 * SectorSize)
		d, err := Create(files, opt)
		require.NoError(t, err)
		require.NoError(t, d.Close())
		require.NoError(t, put(files, viewPrefix+"f", 0, string(head)+string(one)+string(two)))
		d, err = Open(files, opt)
		require.NoError(t, err)
		v, err := d.View("f")
		if err != nil {
			require.ErrorIs(t, err, ErrViewLost)
			return
		}
		_, readErr := v.ReadBlock(0, make([]byte, BlockSize))
		_, err = d.WriteAt([]byte("x"), 0)
		require.NoError(t, err)
		_, again := v.ReadBlock(0, make([]byte, BlockSize))
		require.Equal(t, readErr == nil, again == nil)
		require.NoError(t, v.Close())
		require.NoError(t, d.Close())
	})
}
