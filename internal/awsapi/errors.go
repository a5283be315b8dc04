package awsapi

import (
	"errors"

	"github.com/ebsim/ebsim/account"
	"github.com/ebsim/ebsim/account/audit"
	"github.com/ebsim/ebsim/account/policy"
	"github.com/ebsim/ebsim/internal/cloud"
	"github.com/ebsim/ebsim/kms"
	"github.com/ebsim/ebsim/snapshot"
	"github.com/ebsim/ebsim/volume"
)

const (
	errRegion     audit.Kind = "no such region"
	errValidation audit.Kind = "validation error"
	errFilter     audit.Kind = "invalid filter"
)

// code is what a client of AWS sees of a kind of failure.
type code struct {
	code   string
	status int
}

// codes is the one table from kinds of failure to wire codes. (AWS: the errors
// of each service's API reference.)
func codes(kind audit.Kind) (code, bool) {
	c, ok := map[audit.Kind]code{
		kms.ErrNotFound:          {"NotFoundException", 400},
		kms.ErrInvalidArn:        {"InvalidArnException", 400},
		kms.ErrValidation:        {"ValidationException", 400},
		kms.ErrDisabled:          {"DisabledException", 400},
		kms.ErrInvalidState:      {"KMSInvalidStateException", 400},
		kms.ErrUnsupported:       {"UnsupportedOperationException", 400},
		kms.ErrAlreadyExists:     {"AlreadyExistsException", 400},
		kms.ErrInvalidAliasName:  {"InvalidAliasNameException", 400},
		kms.ErrNotAuthorized:     {"NotAuthorizedException", 400},
		kms.ErrMalformedPolicy:   {"MalformedPolicyDocumentException", 400},
		kms.ErrLimitExceeded:     {"LimitExceededException", 400},
		kms.ErrInvalidCiphertext: {"InvalidCiphertextException", 400},
		kms.ErrIncorrectKey:      {"IncorrectKeyException", 400},
		kms.ErrInvalidGrantToken: {"InvalidGrantTokenException", 400},
		kms.ErrInvalidGrantID:    {"InvalidGrantIdException", 400},
		kms.ErrInvalidMarker:     {"InvalidMarkerException", 400},
		kms.ErrTag:               {"TagException", 400},
		kms.ErrDryRun:            {"DryRunOperationException", 400},

		volume.ErrNotFound:           {"InvalidVolume.NotFound", 400},
		volume.ErrMalformedID:        {"InvalidVolumeID.Malformed", 400},
		volume.ErrInUse:              {"VolumeInUse", 400},
		volume.ErrIncorrectState:     {"IncorrectState", 400},
		volume.ErrKeyRevoked:         {"CustomerKeyHasBeenRevoked", 400},
		volume.ErrZoneMismatch:       {"InvalidVolume.ZoneMismatch", 400},
		volume.ErrZoneNotFound:       {"InvalidZone.NotFound", 400},
		volume.ErrInvalidParameter:   {"InvalidParameterValue", 400},
		volume.ErrMissingParameter:   {"MissingParameter", 400},
		volume.ErrDependency:         {"InvalidParameterDependency", 400},
		volume.ErrCombination:        {"InvalidParameterCombination", 400},
		volume.ErrUnknownType:        {"UnknownVolumeType", 400},
		volume.ErrTokenMismatch:      {"IdempotentParameterMismatch", 400},
		volume.ErrInstanceNotFound:   {"InvalidInstanceID.NotFound", 400},
		volume.ErrInstanceMalformed:  {"InvalidInstanceID.Malformed", 400},
		volume.ErrAttachmentNotFound: {"InvalidAttachment.NotFound", 400},

		snapshot.ErrNotFound:     {"InvalidSnapshot.NotFound", 400},
		snapshot.ErrMalformedID:  {"InvalidSnapshotID.Malformed", 400},
		snapshot.ErrState:        {"IncorrectState", 400},
		snapshot.ErrNotPermitted: {"OperationNotPermitted", 400},
		snapshot.ErrKeyAuth:      {"AuthFailure", 403},
		snapshot.ErrMalformedUID: {"InvalidUserID.Malformed", 400},
		snapshot.ErrDamaged:      {"InternalError", 500},

		account.ErrNoSuchEntity:    {"NoSuchEntity", 404},
		account.ErrAlreadyExists:   {"EntityAlreadyExists", 409},
		account.ErrMalformedPolicy: {"MalformedPolicyDocument", 400},
		account.ErrDeleteConflict:  {"DeleteConflict", 409},
		account.ErrValidation:      {"ValidationError", 400},
		account.ErrLimitExceeded:   {"LimitExceeded", 409},

		cloud.ErrDryRun:       {"DryRunOperation", 412},
		errRegion:             {"InvalidRegion", 400},
		errValidation:         {"ValidationError", 400},
		errFilter:             {"InvalidParameterValue", 400},
		audit.ErrUnknownEvent: {"InvalidNextTokenException", 400},
		audit.Internal:        {"InternalFailure", 500},
	}[kind]
	return c, ok
}

// codeOf gives the wire code of a kind at a service: three kinds have a code
// of each service's own.
func codeOf(service string, kind audit.Kind) code {
	switch kind {
	case audit.Denied:
		switch service {
		case "ec2":
			return code{"UnauthorizedOperation", 403}
		case "kms":
			return code{"AccessDeniedException", 400}
		case "cloudtrail":
			return code{"AccessDeniedException", 403}
		}
		return code{"AccessDenied", 403}
	case account.ErrUnknownKey:
		switch service {
		case "ec2":
			return code{"AuthFailure", 401}
		case "kms", "cloudtrail":
			return code{"UnrecognizedClientException", 400}
		}
		return code{"InvalidClientTokenId", 403}
	case account.ErrBadSecret:
		switch service {
		case "ec2":
			return code{"AuthFailure", 401}
		case "kms", "cloudtrail":
			return code{"InvalidSignatureException", 400}
		}
		return code{"SignatureDoesNotMatch", 403}
	}
	if c, ok := codes(kind); ok {
		return c
	}
	return code{"InternalFailure", 500}
}

// wireError makes an *Error of a domain's error.
func wireError(op *Operation, requestID string, err error) *Error {
	c := codeOf(op.Service, audit.KindOf(err))
	message := err.Error()
	var failed *audit.Error
	if errors.As(err, &failed) && failed.Message == "" {
		message = "" // as AWS has it, for InvalidCiphertextException
	}
	var denied *policy.DeniedError
	if op.Service == "ec2" && errors.As(err, &denied) && c.code == "UnauthorizedOperation" {
		message = "You are not authorized to perform this operation. " + message
	}
	return &Error{Code: c.code, Message: message, HTTPStatus: c.status, RequestID: requestID, Operation: op.Name, Err: err}
}

// TrailCode is the error code of a kind as CloudTrail prints it.
func TrailCode(source string, kind audit.Kind) string {
	service := source[:len(source)-len(".amazonaws.com")]
	if service == "ec2" {
		return "Client." + codeOf(service, kind).code
	}
	if kind == audit.Denied {
		return "AccessDenied"
	}
	return codeOf(service, kind).code
}
