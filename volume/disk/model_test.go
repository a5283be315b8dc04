package disk

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// unsynced leaves out syncs, which the model cannot see.
type unsynced struct{ Files }

type unsyncedFile struct{ File }

func (u unsynced) Open(name string, create bool) (File, error) {
	f, err := u.Files.Open(name, create)
	return unsyncedFile{f}, err
}

func (unsyncedFile) Sync() error { return nil }

// modelView is a view and what it must show.
type modelView struct {
	v      *View
	data   []byte
	dirty  map[int64]bool // marked at the freeze: must be among Changed
	writes map[int64]bool // written since
	done   map[int64]bool
}

// model is a disk and the plain bytes that it must hold.
type model struct {
	files Files
	opt   Options
	d     *Disk
	data  []byte
	dirty map[int64]bool
	views map[string]*modelView
	made  int
}

func (m *model) touch(off, n int64) {
	for i := off / BlockSize; n > 0 && i <= (off+n-1)/BlockSize; i++ {
		m.dirty[i] = true
		for _, v := range m.views {
			v.writes[i] = true
		}
	}
}

// place draws a range that likes borders.
func (m *model) place(t *rapid.T) (off, n int64) {
	size := int64(len(m.data))
	unit := rapid.SampledFrom([]int64{1, 512, SectorSize, BlockSize}).Draw(t, "unit")
	off = rapid.Int64Range(0, size/unit).Draw(t, "at") * unit
	off = min(max(0, off+rapid.Int64Range(-2, 2).Draw(t, "beside")*(SectorSize/unit%2)), size)
	most := rapid.SampledFrom([]int64{10, SectorSize, 3 * SectorSize, size}).Draw(t, "most")
	return off, rapid.Int64Range(0, min(size-off, most)).Draw(t, "n")
}

func (m *model) anyView(t *rapid.T) *modelView {
	if len(m.views) == 0 {
		t.Skip("no view")
	}
	names := []string{}
	for name := range m.views {
		names = append(names, name)
	}
	slices.Sort(names)
	return m.views[rapid.SampledFrom(names).Draw(t, "view")]
}

func (m *model) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"write": func(t *rapid.T) {
			off, n := m.place(t)
			p := pattern(int(n), rapid.Byte().Draw(t, "seed"))
			_, err := m.d.WriteAt(p, off)
			require.NoError(t, err)
			copy(m.data[off:], p)
			m.touch(off, n)
		},
		"trim": func(t *rapid.T) {
			off, n := m.place(t)
			require.NoError(t, m.d.Trim(off, n))
			if !bytes.Equal(m.data[off:off+n], make([]byte, n)) {
				for i := off / BlockSize; i <= (off+n-1)/BlockSize; i++ {
					from, to := max(off, i*BlockSize), min(off+n, (i+1)*BlockSize)
					if !bytes.Equal(m.data[from:to], make([]byte, to-from)) {
						m.touch(from, to-from)
					}
				}
			}
			clear(m.data[off : off+n])
		},
		"read": func(t *rapid.T) {
			off, n := m.place(t)
			p := bytes.Repeat([]byte{0xee}, int(n))
			_, err := m.d.ReadAt(p, off)
			require.NoError(t, err)
			require.True(t, bytes.Equal(m.data[off:off+n], p), "%d bytes at %d", n, off)
		},
		"freeze": func(t *rapid.T) {
			if len(m.views) > 2 {
				t.Skip("enough views")
			}
			m.made++
			name := fmt.Sprint("v", m.made)
			views, err := Freeze([]string{name}, m.d)
			require.NoError(t, err)
			v := &modelView{v: views[0], data: slices.Clone(m.data), dirty: map[int64]bool{}, writes: map[int64]bool{}, done: map[int64]bool{}}
			for i := range m.dirty {
				v.dirty[i] = true
			}
			m.views[name] = v
		},
		"readView": func(t *rapid.T) {
			v := m.anyView(t)
			m.checkBlock(t, v, rapid.Int64Range(0, m.d.Blocks()-1).Draw(t, "index"))
		},
		"done": func(t *rapid.T) {
			v := m.anyView(t)
			i := rapid.Int64Range(0, m.d.Blocks()-1).Draw(t, "index")
			v.v.Done(i)
			v.done[i] = true
		},
		"complete": func(t *rapid.T) {
			v := m.anyView(t)
			got := changed(t, v.v, false)
			for i := range v.dirty {
				require.Contains(t, got, i, "marked at the freeze")
			}
			for _, i := range changed(t, v.v, true) {
				require.Less(t, i, m.d.Blocks())
			}
			require.NoError(t, m.d.ClearDirty(v.v, got...))
			for _, i := range got {
				if !v.writes[i] {
					delete(m.dirty, i)
				}
			}
			delete(m.views, v.v.Name())
			require.NoError(t, v.v.Close())
		},
		"flush": func(t *rapid.T) { require.NoError(t, m.d.Flush()) },
		"reattach": func(t *rapid.T) {
			require.NoError(t, m.d.Close())
			if len(m.views) > 0 {
				require.NoError(t, m.d.Reopen(m.opt.Key))
				return
			}
			m.open(t)
		},
		"restart": func(t *rapid.T) {
			kill := rapid.Bool().Draw(t, "kill")
			if !kill {
				require.NoError(t, m.d.Close())
				for _, v := range m.views {
					require.NoError(t, v.v.Suspend())
				}
			}
			m.open(t)
		},
		"": func(t *rapid.T) {
			marked := dirty(t, m.d)
			for i := range m.dirty {
				require.Contains(t, marked, i)
			}
		},
	}
}

func (m *model) open(t *rapid.T) {
	d, err := Open(m.files, m.opt)
	require.NoError(t, err)
	require.False(t, d.Untrusted())
	m.d = d
	for name, v := range m.views {
		v.v, err = d.View(name)
		require.NoError(t, err)
	}
}

func (m *model) checkBlock(t *rapid.T, v *modelView, i int64) {
	p := make([]byte, BlockSize)
	_, err := v.v.ReadBlock(i, p)
	if v.done[i] && err != nil {
		require.ErrorIs(t, err, ErrBlockDone)
		return
	}
	require.NoError(t, err)
	from, to := i*BlockSize, min((i+1)*BlockSize, int64(len(v.data)))
	require.True(t, bytes.Equal(v.data[from:to], p[:to-from]), "view %s, block %d", v.v.Name(), i)
}

func TestModel(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		m := &model{files: Memory(), dirty: map[int64]bool{}, views: map[string]*modelView{}}
		m.opt = options(2*BlockSize + 5*SectorSize)
		if rapid.Bool().Draw(t, "folder") {
			dir, err := os.MkdirTemp(root, "vol")
			require.NoError(t, err)
			m.files = unsynced{Folder(filepath.Join(dir, "v"))}
			defer os.RemoveAll(dir)
		}
		if rapid.Bool().Draw(t, "unencrypted") {
			m.opt.Key = nil
		}
		d, err := Create(m.files, m.opt)
		require.NoError(t, err)
		m.d, m.data = d, make([]byte, m.opt.Size)
		t.Repeat(m.actions())
		got := make([]byte, len(m.data))
		_, err = m.d.ReadAt(got, 0)
		require.NoError(t, err)
		require.True(t, bytes.Equal(m.data, got))
		for _, v := range m.views {
			for i := range m.d.Blocks() {
				m.checkBlock(t, v, i)
			}
			require.NoError(t, v.v.Close())
		}
		require.NoError(t, m.d.Close())
		require.NoError(t, Check(m.files))
		require.NoError(t, Remove(m.files))
	})
}
