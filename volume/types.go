package volume

// limits of one volume type. (AWS: "Amazon EBS volume types".)
type limits struct {
	minSize, maxSize int64 // GiB
	minIOPS, maxIOPS int64 // 0: IOPS cannot be given
	needIOPS         bool
	throughput       bool
}

// typeLimits gives the limits of a volume type.
func typeLimits(name string) (limits, bool) {
	switch name {
	case "gp2":
		return limits{minSize: 1, maxSize: 16384}, true
	case "gp3":
		return limits{minSize: 1, maxSize: MaxSize, minIOPS: 3000, maxIOPS: 80000, throughput: true}, true
	case "io1":
		return limits{minSize: 4, maxSize: 16384, minIOPS: 100, maxIOPS: 64000, needIOPS: true}, true
	case "io2":
		return limits{minSize: 4, maxSize: MaxSize, minIOPS: 100, maxIOPS: 256000, needIOPS: true}, true
	case "st1", "sc1":
		return limits{minSize: 125, maxSize: 16384}, true
	case "standard":
		return limits{minSize: 1, maxSize: 1024}, true
	}
	return limits{}, false
}

// SetType checks type, size, IOPS and throughput together and fills in what
// AWS assumes: gp2, and its baseline performance. It fails with
// ErrUnknownType, ErrInvalidParameter, ErrMissingParameter and ErrCombination.
func (v *Volume) SetType(name string, iops, throughput *int64) error {
	if name == "" {
		name = "gp2"
	}
	l, ok := typeLimits(name)
	if !ok {
		return ErrUnknownType.Errorf("Unknown volume type: %s", name)
	}
	v.Type = name
	switch {
	case v.Size < l.minSize:
		return ErrInvalidParameter.Errorf("Volume of %dGiB is too small for volume type %s; minimum is %dGiB.", v.Size, name, l.minSize)
	case v.Size > l.maxSize:
		return ErrInvalidParameter.Errorf("Volume of %dGiB is too large for volume type %s; maximum is %dGiB.", v.Size, name, l.maxSize)
	case iops != nil && l.maxIOPS == 0:
		return ErrCombination.Errorf("The parameter iops is not supported for %s volumes.", name)
	case iops == nil && l.needIOPS:
		return ErrMissingParameter.Errorf("The request must contain the parameter iops")
	case iops != nil && *iops < l.minIOPS:
		return ErrInvalidParameter.Errorf("Volume iops of %d is too low; minimum is %d.", *iops, l.minIOPS)
	case iops != nil && *iops > l.maxIOPS:
		return ErrInvalidParameter.Errorf("Volume iops of %d is too high; maximum is %d", *iops, l.maxIOPS)
	case throughput != nil && !l.throughput:
		return ErrCombination.Errorf("The parameter throughput is not supported for %s volumes.", name)
	case throughput != nil && (*throughput < 125 || *throughput > 2000):
		return ErrInvalidParameter.Errorf("Volume throughput of %d is out of range; it is 125 to 2000.", *throughput)
	}
	switch {
	case iops != nil:
		v.IOPS = *iops
	case name == "gp2":
		v.IOPS = min(16000, max(100, 3*v.Size))
	case name == "gp3":
		v.IOPS = 3000
	}
	if name == "gp3" {
		v.Throughput = 125
		if throughput != nil {
			v.Throughput = *throughput
		}
	}
	return nil
}
