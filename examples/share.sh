# title: A snapshot is shared, the key is not: the copy fails
# accounts: alice=111111111111 bob=222222222222
# regions: eu-west-1
set -eu
export AWS_REGION=eu-west-1
export AWS_PROFILE=alice
KEY=$(aws kms create-key --query KeyMetadata.Arn --output text)
VOL=$(aws ec2 create-volume --availability-zone eu-west-1a --size 1 --encrypted --kms-key-id "$KEY" --query VolumeId --output text)
aws ec2 wait volume-available --volume-ids "$VOL"
SNAP=$(aws ec2 create-snapshot --volume-id "$VOL" --query SnapshotId --output text)
aws ec2 wait snapshot-completed --snapshot-ids "$SNAP"
aws ec2 modify-snapshot-attribute --snapshot-id "$SNAP" --operation-type add --user-ids 222222222222

export AWS_PROFILE=bob
expect-error AccessDeniedException aws kms describe-key --key-id "$KEY"
COPY=$(aws ec2 copy-snapshot --source-region eu-west-1 --source-snapshot-id "$SNAP" --query SnapshotId --output text)
if aws ec2 wait snapshot-completed --snapshot-ids "$COPY" 2>wait.txt; then exit 1; fi
test "$(aws ec2 describe-snapshots --snapshot-ids "$COPY" --query 'Snapshots[0].StateMessage' --output text)" = "Given key ID is not accessible"
