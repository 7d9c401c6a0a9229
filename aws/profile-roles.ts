import {
  GetInstanceProfileCommand,
  type IAMClient,
  paginateListInstanceProfiles,
} from '@aws-sdk/client-iam';

/** How long a role found for an instance profile is believed. Swapping it is rare and by hand. */
const BELIEVED_MS = 60_000;

/** ARN of the role by ARN of the instance profile; a profile holds one role at most. */
export class ProfileRoles {
  readonly #client: IAMClient;
  readonly #known = new Map<string, { readonly role: string | undefined; readonly at: number }>();

  constructor(client: IAMClient) {
    this.#client = client;
  }

  async all(): Promise<Readonly<Record<string, string>>> {
    const roles: Record<string, string> = {};
    for await (const page of paginateListInstanceProfiles({ client: this.#client }, {})) {
      for (const profile of page.InstanceProfiles ?? []) {
        const role = profile.Roles?.[0]?.Arn;
        if (profile.Arn !== undefined && role !== undefined) roles[profile.Arn] = role;
      }
    }
    return roles;
  }

  /** Of one profile; empty when it has no role or is gone. */
  async of(profileArn: string): Promise<Readonly<Record<string, string>>> {
    const known = this.#known.get(profileArn);
    const fresh = known !== undefined && Date.now() - known.at < BELIEVED_MS;
    const role = fresh ? known.role : await this.#read(profileArn);
    if (!fresh) this.#known.set(profileArn, { role, at: Date.now() });
    return role === undefined ? {} : { [profileArn]: role };
  }

  async #read(profileArn: string): Promise<string | undefined> {
    const InstanceProfileName = profileArn.split('/').at(-1) ?? '';
    try {
      const answer = await this.#client.send(
        new GetInstanceProfileCommand({ InstanceProfileName }),
      );
      return answer.InstanceProfile?.Roles?.[0]?.Arn;
    } catch (error) {
      if (error instanceof Error && error.name === 'NoSuchEntityException') return undefined;
      throw error;
    }
  }
}
