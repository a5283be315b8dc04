package disk

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func restoring(t testing.TB, files Files, size int64) *Disk {
	opt := options(size)
	opt.Hydrated = false
	return create(t, files, opt)
}

func TestHydrate(t *testing.T) {
	eachFiles(t, func(t *testing.T, files Files) {
		d := restoring(t, files, 5*BlockSize+SectorSize)
		base := pattern(BlockSize, 1)
		for _, err := range []error{
			func() error { _, err := d.ReadAt(make([]byte, 1), BlockSize); return err }(),
			func() error { _, err := d.WriteAt(base, BlockSize); return err }(),
			d.Trim(BlockSize, 100),
		} {
			require.ErrorIs(t, err, ErrNotHydrated)
			require.ErrorContains(t, err, "block 1")
		}
		require.ErrorIs(t, d.Hydrate(6, nil), ErrRange)
		require.ErrorIs(t, d.Hydrate(-1, nil), ErrRange)
		require.ErrorIs(t, d.Hydrate(0, base[:9]), ErrSize)
		require.ErrorIs(t, d.Hydrate(5, base), ErrSize, "the last is short")

		require.NoError(t, d.Hydrate(0, base))
		require.NoError(t, d.Hydrate(2, nil))
		_, err := d.ReadAt(make([]byte, 1), 0)
		require.ErrorIs(t, err, ErrNotHydrated, "not durable yet")
		require.NoError(t, d.SyncHydrated())
		require.Equal(t, base, read(t, d, 0, BlockSize))
		require.Equal(t, make([]byte, BlockSize), read(t, d, 2*BlockSize, BlockSize))
		index, ok := d.Unhydrated(0)
		require.True(t, ok)
		require.Equal(t, int64(1), index)
		index, ok = d.Unhydrated(2)
		require.True(t, ok)
		require.Equal(t, int64(3), index)

		write(t, d, []byte("mine"), 0)
		require.NoError(t, d.Hydrate(0, base), "hydrated already: keeps what it has")
		require.NoError(t, d.Trim(3*BlockSize, BlockSize), "a whole block needs no base")
		require.NoError(t, d.Hydrate(3, base))
		require.NoError(t, d.Hydrate(4, base))
		require.NoError(t, d.Hydrate(5, base[:SectorSize]))
		require.NoError(t, d.HydrateZero(1, 2))
		require.Equal(t, "mine", string(read(t, d, 0, 4)))
		require.Equal(t, make([]byte, BlockSize), read(t, d, 3*BlockSize, BlockSize))
		require.Equal(t, base, read(t, d, 4*BlockSize, BlockSize))
		require.Equal(t, base[:SectorSize], read(t, d, 5*BlockSize, SectorSize))
		_, ok = d.Unhydrated(0)
		require.False(t, ok)
		require.Equal(t, []int64{0, 3}, dirty(t, d), "base data is no change")
		require.NoError(t, d.Close())

		opt := options(0)
		d, err = Open(files, opt)
		require.NoError(t, err)
		require.Equal(t, base, read(t, d, 4*BlockSize, BlockSize))
		require.NoError(t, d.Close())
	})
}

func TestHydrateZeroOfEverything(t *testing.T) {
	eachFiles(t, func(t *testing.T, files Files) {
		const size = 64 << 40
		d := restoring(t, files, size)
		base := pattern(BlockSize, 1)
		last := d.Blocks() - 1
		require.NoError(t, d.Hydrate(77, base))
		require.NoError(t, d.Hydrate(last, base))
		require.NoError(t, d.HydrateZero(0, d.Blocks()))
		_, ok := d.Unhydrated(0)
		require.False(t, ok)
		require.Equal(t, base, read(t, d, 77*BlockSize, BlockSize))
		require.Equal(t, base, read(t, d, last*BlockSize, BlockSize))
		require.Equal(t, make([]byte, BlockSize), read(t, d, 78*BlockSize, BlockSize))
		require.ErrorIs(t, d.HydrateZero(3, 2), ErrRange)
		require.NoError(t, d.Close())
		d, err := Open(files, options(0))
		require.NoError(t, err)
		_, ok = d.Unhydrated(0)
		require.False(t, ok)
		require.NoError(t, d.Close())
	})
}

// TestHydrateAfterKill: data whose mark was not written yet is nobody's.
func TestHydrateAfterKill(t *testing.T) {
	d := restoring(t, Memory(), 4*BlockSize)
	base := pattern(BlockSize, 1)
	require.NoError(t, d.Hydrate(0, base))
	require.NoError(t, d.SyncHydrated())
	require.NoError(t, d.Hydrate(1, base))
	require.NoError(t, d.Hydrate(2, base))
	again := reopenAfterKill(t, d, boot2)
	require.False(t, again.Untrusted(), "hydrating is no change that marks could miss")
	index, ok := again.Unhydrated(0)
	require.True(t, ok)
	require.Equal(t, int64(1), index)
	require.NoError(t, again.Hydrate(1, nil))
	require.NoError(t, again.HydrateZero(0, again.Blocks()))
	require.Equal(t, base, read(t, again, 0, BlockSize))
	require.Equal(t, make([]byte, 3*BlockSize), read(t, again, BlockSize, 3*BlockSize))
}

// TestTrimBeatsHydrate: a trim that has not ended yet is not overwritten.
func TestTrimBeatsHydrate(t *testing.T) {
	d := restoring(t, Memory(), 2*BlockSize)
	base := pattern(BlockSize, 1)
	require.NoError(t, d.begin())
	hadBase, err := d.trimPiece(0, BlockSize)
	require.NoError(t, err)
	require.True(t, hadBase)
	require.NoError(t, d.Hydrate(0, base))
	require.NoError(t, d.settle([]int64{0}))
	require.NoError(t, d.Hydrate(1, base))
	require.NoError(t, d.Trim(BlockSize, BlockSize))
	require.NoError(t, d.SyncHydrated())
	require.Equal(t, make([]byte, 2*BlockSize), read(t, d, 0, 2*BlockSize))
	require.Equal(t, []int64{0, 1}, dirty(t, d))
}
