"""AWS's own client on the services apart."""

from __future__ import annotations

from botocore.session import Session

from tests.wire.fleet import Fleet, until
from tests.wire.trainings import job, judge
from tunewright.core.amt import to_amt


def test_boto3_runs_a_job_on_the_services_apart(fleet: Fleet):
    fleet.start_again()
    gateway = fleet.add("gateway", TUNEWRIGHT_SCHEDULER=",".join(member.grpc for member in fleet.of("scheduler")))
    wanted = job(fleet.folder, "by-boto3")
    body = to_amt(wanted.spec)
    body["TrainingJobDefinition"] |= {
        "RoleArn": "arn:aws:iam::000000000000:role/nobody",
        "OutputDataConfig": {"S3OutputPath": f"file://{fleet.folder}/models"},
        "ResourceConfig": {"InstanceType": "local", "InstanceCount": 1, "VolumeSizeInGB": 1},
    }
    session = Session()
    session.set_credentials(fleet.credentials.aws_access_key_id, fleet.credentials.aws_secret_access_key)
    sagemaker = session.create_client("sagemaker", "local", endpoint_url=f"http://{gateway.http}")
    sagemaker.create_hyper_parameter_tuning_job(**body)

    def status() -> str:
        told = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="by-boto3")
        return str(told["HyperParameterTuningJobStatus"])

    until(lambda: status() == "Completed", "the job has completed", 60)
    with fleet.client() as client:
        judge(client, wanted)
