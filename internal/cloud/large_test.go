package cloud

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ebsim/ebsim/internal/clock"
	"github.com/ebsim/ebsim/internal/id"
	"github.com/ebsim/ebsim/internal/state"
	"github.com/ebsim/ebsim/snapshot"
	"github.com/ebsim/ebsim/snapshot/content"
	"github.com/ebsim/ebsim/volume"
	"github.com/ebsim/ebsim/volume/disk"
)

// openDir opens the world of a directory, to be closed by hand. Ids differ
// from one seed to the next.
func openDir(t *testing.T, dir string, seed uint64) *world {
	t.Helper()
	c, err := Open(Options{Dir: dir, Clock: clock.Virtual(VirtualStart()), IDs: id.Seeded(seed), Failed: func(err error) { t.Log("job:", err) }})
	require.NoError(t, err)
	return &world{c, t}
}

// goSource writes a tar stream of Go's standard library, up to about limit
// bytes, and first of all a file that no compression makes smaller.
func goSource(t *testing.T, w io.Writer, limit int64) {
	tw := tar.NewWriter(w)
	hard := noise(1 << 20)
	require.NoError(t, tw.WriteHeader(&tar.Header{Name: "noise", Mode: 0o600, Size: int64(len(hard))}))
	_, err := tw.Write(hard)
	require.NoError(t, err)
	root := filepath.Join(runtime.GOROOT(), "src")
	if _, err := os.Stat(root); err != nil {
		root = runtime.GOROOT()
	}
	total := int64(len(hard))
	require.NoError(t, filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if total += int64(len(data)) + 1024; total > limit {
			return fs.SkipAll
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if err := tw.WriteHeader(&tar.Header{Name: filepath.ToSlash(rel), Mode: 0o644, Size: int64(len(data))}); err != nil {
			return err
		}
		_, err = tw.Write(data)
		return err
	}))
	require.NoError(t, tw.Close())
}

// written is what a test put on a volume.
type written struct {
	size   int64
	sum    [sha256.Size]byte
	blocks int64    // that are not all zeros
	pieces [][]byte // of 32 bytes each, that occur by no accident
}

// fill writes a tar stream to a volume, block by block.
func (w *world) fill(volumeID string, limit int64) (out written) {
	w.t.Helper()
	b, err := w.OpenVolume(ctx, w.as(alice, here), volumeID)
	require.NoError(w.t, err)
	r, pipe := io.Pipe()
	go func() {
		goSource(w.t, pipe, limit)
		pipe.Close()
	}()
	sum, block := sha256.New(), make([]byte, content.BlockSize)
	for n := int64(0); ; n++ {
		k, err := io.ReadFull(r, block)
		if k > 0 {
			p := block[:k]
			sum.Write(p)
			_, werr := b.WriteAt(p, out.size)
			require.NoError(w.t, werr)
			out.size += int64(k)
			if len(bytes.Trim(p, "\x00")) > 0 {
				out.blocks++
			}
			if n < 3 || n%40 == 0 {
				out.pieces = append(out.pieces, distinct(p)...)
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		require.NoError(w.t, err)
	}
	require.NoError(w.t, b.Close())
	sum.Sum(out.sum[:0])
	return out
}

// distinct gives up to two pieces of a block with many different bytes.
func distinct(block []byte) (pieces [][]byte) {
	for off := 1000; off+32 <= len(block) && len(pieces) < 2; off += 1237 {
		p := block[off : off+32]
		seen := map[byte]bool{}
		for _, b := range p {
			seen[b] = true
		}
		if len(seen) >= 16 {
			pieces = append(pieces, bytes.Clone(p))
		}
	}
	return pieces
}

// sum reads n bytes of a volume from its start, and checks that a stretch
// after them and its last one are zeros.
func (w *world) sum(volumeID string, n int64) (out [sha256.Size]byte) {
	w.t.Helper()
	b, err := w.OpenVolume(ctx, w.as(alice, there), volumeID)
	require.NoError(w.t, err)
	h := sha256.New()
	_, err = io.CopyBuffer(struct{ io.Writer }{h}, io.NewSectionReader(b, 0, n), make([]byte, 1<<20))
	require.NoError(w.t, err)
	zeros, p := make([]byte, 1<<20), make([]byte, 1<<20)
	for _, off := range []int64{n, b.Size - int64(len(p))} {
		_, err = b.ReadAt(p, off)
		require.NoError(w.t, err)
		require.True(w.t, bytes.Equal(zeros, p), "at %d", off)
	}
	require.NoError(w.t, b.Close())
	h.Sum(out[:0])
	return out
}

// peak samples the heap in use until stop is called, which gives its highest
// size beyond that at the start.
func peak() (stop func() int64) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	base, top, done := m.HeapInuse, m.HeapInuse, make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(2 * time.Millisecond):
				runtime.ReadMemStats(&m)
				top = max(top, m.HeapInuse)
			}
		}
	})
	return func() int64 { close(done); group.Wait(); return int64(top - base) }
}

// secrets gathers every key of a world that must never be on the disk: data
// keys, what is derived from them, and content keys, each by a name.
func (w *world) secrets() map[string][]byte {
	w.t.Helper()
	all := map[string][]byte{}
	add := func(record string, key []byte, err error, sealed []byte) {
		require.NoError(w.t, err, record)
		secret, err := w.ringKeyOf(key)
		require.NoError(w.t, err, record)
		all["data key of "+record], all["ring key of "+record] = key, secret.key
		all["XTS key of "+record] = disk.DeriveXTSKey(key, record)
		if sealed == nil {
			return
		}
		r, err := secret.open(sealed, record)
		require.NoError(w.t, err, record)
		for _, k := range r.Keys {
			all[fmt.Sprintf("content key %s of %s", k.ID, record)] = k.Secret
		}
	}
	require.NoError(w.t, w.View(ctx, func(tx *state.Tx) error {
		keys, err := w.KMS.All(tx)
		require.NoError(w.t, err)
		for _, k := range keys {
			material, err := w.root.Open("kms key material", k.Material, []byte(k.ARN()+k.MaterialID))
			require.NoError(w.t, err)
			all["material of "+k.ARN()] = material
		}
		vols, err := volume.All(tx)
		require.NoError(w.t, err)
		for i := range vols {
			v := &vols[i]
			if !v.Encrypted {
				continue
			}
			key, err := w.KMS.Unwrap(tx, v.Region, v.WrappedKey, v.Context())
			add(v.ID, key, err, v.Ring)
		}
		snaps, err := snapshot.All(tx, w.root, "")
		require.NoError(w.t, err)
		for i := range snaps {
			s := &snaps[i]
			key, err := w.KMS.Unwrap(tx, s.Region, s.WrappedKey, s.Context())
			add(s.ID, key, err, s.Ring)
		}
		return nil
	}))
	return all
}

// hunt looks for many byte strings in files, in one pass.
type hunt struct {
	first   [1 << 16]bool // the first two bytes of any
	strings map[uint16][]prey
	longest int
}

type prey struct {
	what  string
	bytes []byte
}

func (h *hunt) add(what string, b []byte) {
	if h.strings == nil {
		h.strings = map[uint16][]prey{}
	}
	at := binary.LittleEndian.Uint16(b)
	h.first[at] = true
	h.strings[at] = append(h.strings[at], prey{what, b})
	h.longest = max(h.longest, len(b))
}

// key adds a key as it is, in hexadecimal and in base64. Of base64 only what
// does not depend on what comes next.
func (h *hunt) key(what string, key []byte) {
	h.add(what, key)
	h.add(what+" in hexadecimal", []byte(hex.EncodeToString(key)))
	h.add(what+" in hexadecimal", []byte(strings.ToUpper(hex.EncodeToString(key))))
	h.add(what+" in base64", []byte(base64.StdEncoding.EncodeToString(key[:len(key)/3*3])))
}

// file gives what it found in a file. Holes are passed over where the system
// tells of them.
func (h *hunt) file(t *testing.T, name string) (found map[string]bool, read int64) {
	found = map[string]bool{}
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	info, err := f.Stat()
	require.NoError(t, err)
	const seekData, seekHole = 3, 4 // lseek(2) of Linux
	buf := make([]byte, 1<<20+h.longest)
	for from := int64(0); from < info.Size(); {
		to := info.Size()
		if runtime.GOOS == "linux" {
			if from, err = f.Seek(from, seekData); err != nil {
				break // nothing but a hole is left
			}
			if to, err = f.Seek(from, seekHole); err != nil {
				to = info.Size()
			}
		}
		for off := from; off < to; off += 1 << 20 {
			n, err := f.ReadAt(buf[:min(int64(len(buf)), to-off)], off)
			if err != nil {
				require.ErrorIs(t, err, io.EOF)
			}
			h.scan(buf[:n], found)
			read += int64(n)
		}
		from = to
	}
	return found, read
}

func (h *hunt) scan(b []byte, found map[string]bool) {
	for i := 0; i+1 < len(b); i++ {
		at := uint16(b[i]) | uint16(b[i+1])<<8
		if !h.first[at] {
			continue
		}
		for _, p := range h.strings[at] {
			if bytes.HasPrefix(b[i:], p.bytes) {
				found[p.what] = true
			}
		}
	}
}

// dir scans all files below a folder: what it found, by file.
func (h *hunt) dir(t *testing.T, root string) (found map[string]map[string]bool, read int64) {
	found = map[string]map[string]bool{}
	require.NoError(t, filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(root, name)
		hits, n := h.file(t, name)
		if read += n; len(hits) > 0 {
			found[rel] = hits
		}
		return nil
	}))
	return found, read
}

// A large sparse volume twice through write, snapshot, copy to another region
// and key, restore: first whole, then only what changed. Nothing of it is to
// be found in the data directory, and no key.
func TestLargeVolume(t *testing.T) {
	limit := int64(120 << 20)
	if testing.Short() {
		limit = 24 << 20
	}
	dir := t.TempDir()
	w := openDir(t, dir, 1)
	a, b := w.key(alice, here), w.key(alice, there)
	v := w.volume(alice, here, CreateVolumeInput{Size: 4, Encrypted: true, KMSKey: a})
	require.Equal(t, volume.Available, v.State, v.Message)
	heap := peak()
	began := time.Now()
	lap := func(what string) { t.Logf("%6.2fs %s", time.Since(began).Seconds(), what) }

	// travel takes the volume to the other region.
	travel := func(stored, present int64) (r *volume.Volume, s, c *snapshot.Snapshot) {
		s = w.snapshot(alice, here, v.ID)
		require.Equal(t, snapshot.Completed, s.State, s.Message)
		lap("snapshot")
		require.Equal(t, stored, s.Stored)
		require.Equal(t, present-stored, s.Reused)
		require.Equal(t, present*content.BlockSize, s.FullBytes)
		c = w.copy(alice, there, CopySnapshotInput{Source: s.ID, SourceRegion: here, Encrypted: true, KMSKey: b})
		require.Equal(t, snapshot.Completed, c.State, c.Message)
		lap("copy")
		require.Equal(t, stored, c.Stored)
		require.Equal(t, present-stored, c.Reused)
		require.Equal(t, snapshot.Rewrap, c.Report.Mode)
		require.Zero(t, c.Report.Opened)
		r = w.volume(alice, there, CreateVolumeInput{Snapshot: c.ID})
		require.Equal(t, volume.Available, r.State, r.Message)
		require.Equal(t, b, r.KMSKey)
		lap("restore")
		return r, s, c
	}

	full := w.fill(v.ID, limit)
	lap(fmt.Sprintf("wrote %d bytes", full.size))
	require.Greater(t, full.size, limit/3)
	r, s, c := travel(full.blocks, full.blocks)
	require.Equal(t, full.sum, w.sum(r.ID, full.size))
	lap("compared")

	// The change: two blocks within, one over an edge of blocks, one far out.
	change := bytes.Repeat([]byte("This piece of plaintext came later; nobody may find it. "), 40)
	const tail = content.BlockSize * 8000
	offsets := []int64{3*content.BlockSize + 5000, 17*content.BlockSize + 12345, 30*content.BlockSize - 100, tail}
	for _, off := range offsets {
		w.write(alice, here, v.ID, off, change)
	}
	r2, s2, c2 := travel(5, full.blocks+1)
	require.Less(t, s2.StoredBytes, s.StoredBytes/4)
	require.Less(t, c2.StoredBytes, c.StoredBytes/4)
	require.Equal(t, s.ID, s2.Parent)
	require.True(t, bytes.Equal(change, w.read(alice, there, r2.ID, tail, len(change))))
	require.Equal(t, full.sum, w.sum(r.ID, full.size), "the first copy is as it was")
	b1, err := w.OpenVolume(ctx, w.as(alice, here), v.ID)
	require.NoError(t, err)
	h := sha256.New()
	_, err = io.Copy(h, io.NewSectionReader(b1, 0, full.size))
	require.NoError(t, err)
	require.NoError(t, b1.Close())
	second := w.sum(r2.ID, full.size)
	require.Equal(t, h.Sum(nil), second[:])
	lap("compared")
	most := heap()
	t.Logf("heap: %.1f MiB beyond the baseline", float64(most)/(1<<20))
	require.Less(t, most, int64(64<<20))

	// A volume in the open shows that the hunt finds what there is to find.
	open := w.volume(alice, here, CreateVolumeInput{Size: 1})
	control := []byte("in the open, as it was asked for")
	w.write(alice, here, open.ID, 4096, control)

	var look hunt
	for i, p := range append(full.pieces, change[:32]) {
		look.add(fmt.Sprintf("piece %d of the plaintext", i), p)
	}
	secrets := w.secrets()
	require.Greater(t, len(secrets), 20)
	for what, key := range secrets {
		look.key(what, key)
	}
	root, err := hex.DecodeString(w.root.Reveal())
	require.NoError(t, err)
	look.key("root key", root)
	look.add("control", control)
	require.NoError(t, w.Close())

	found, read := look.dir(t, dir)
	lap(fmt.Sprintf("searched %d MiB for %d pieces and %d keys", read>>20, len(full.pieces)+1, len(secrets)+1))
	require.Greater(t, read, full.size)
	require.Equal(t, map[string]map[string]bool{
		rootKeyName: {"root key in hexadecimal": true},
		filepath.Join(volumesName, open.ID, "data.000"): {"control": true},
	}, found)

	w = openDir(t, dir, 2)
	n, findings, err := w.Verify(ctx, nil)
	require.NoError(t, err)
	require.Empty(t, findings)
	require.EqualValues(t, 4, n.Snapshots)
	require.EqualValues(t, 4*full.blocks+2, n.Blocks)
	require.Equal(t, second, w.sum(r2.ID, full.size))
	require.NoError(t, w.Close())
	lap("verified")
}
