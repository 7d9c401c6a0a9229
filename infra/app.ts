import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { BulkheadStack } from './bulkhead-stack.ts';
import { readSettings } from './settings.ts';

/**
 * The CDK app: `cdk deploy` runs it through cdk.json. A finding of cdk-nag that nobody answered for
 * stops the synthesis, so that it never reaches an account.
 */
const app = new App();
const settings = readSettings(app.node);
new BulkheadStack(app, settings.stack, settings);
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
