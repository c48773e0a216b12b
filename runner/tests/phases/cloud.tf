terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "3.39.0"
    }
  }
}

provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "nobody"
  secret_key                  = "nothing"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  s3_force_path_style         = true
  max_retries                 = 2
  endpoints {
    ec2 = "CLOUD"
    iam = "CLOUD"
    s3  = "CLOUD"
  }
}

resource "aws_s3_bucket" "it" {
  bucket = "terrane"
}

resource "aws_iam_role" "it" {
  name = "terrane"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

resource "terraform_data" "other" {
  provisioner "local-exec" {
    command = "got=$(timeout 4 nc -w 2 OTHER </dev/null; [ $? -eq 1 ] || echo reached); echo \"tried-$((2 + 3)) [$got]\""
  }
}

output "role" {
  value = aws_iam_role.it.arn
}
