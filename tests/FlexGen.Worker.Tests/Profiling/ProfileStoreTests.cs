using FlexGen.Planning.Hardware;
using FlexGen.Worker.Profiling;

namespace FlexGen.Worker.Tests.Profiling;

public sealed class ProfileStoreTests : IDisposable
{
    private static readonly MeasuredOn on = new("A GPU, driver 580.1", "a processor", 4, "/tmp on / (ext4)", "float16", "0.1.0, measurements 1");
    private static readonly HardwareProfile profile = KnownHardware.Find("t4")!.ToProfile() with { MeasuredOn = on };
    private readonly string folder = Directory.CreateTempSubdirectory("flexgen-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Given_a_profile_that_was_kept_when_loaded_for_the_same_then_it_is_there()
    {
        var store = new ProfileStore(Path.Combine(folder, "deep", "er"));
        Assert.Null(store.Save(profile));
        Assert.Null(store.Save(profile));
        Assert.Equal(profile.ToJson(), store.Load(on).Profile!.ToJson());
        Assert.Equal([store.FileOf(on)], Directory.EnumerateFiles(Path.Combine(folder, "deep", "er")));
    }

    [Fact]
    public void Given_what_it_was_measured_on_when_any_of_it_is_another_then_there_is_none_and_the_reason_says_what()
    {
        var store = new ProfileStore(folder);
        store.Save(profile);
        (MeasuredOn Now, string Reason)[] others =
        [
            (on with { Gpu = "A GPU, driver 590.2" }, "on GPU A GPU, driver 580.1, and here it is A GPU, driver 590.2"),
            (on with { Processor = "another" }, "on processor a processor, and here it is another"),
            (on with { Threads = 8 }, "on threads 4, and here it is 8"),
            (on with { DiskDirectory = "/tmp on /tmp (xfs)" }, "on disk /tmp on / (ext4), and here it is /tmp on /tmp (xfs)"),
            (on with { Version = "0.2.0, measurements 1" }, "on version 0.1.0, measurements 1, and here it is 0.2.0, measurements 1"),
            (on with { Gpu = "Another GPU, driver 580.1" }, "there is no profile"),
            (on with { Gpu = null }, "there is no profile"),
            (on with { DataType = "bfloat16" }, "there is no profile"),
            (on with { DiskDirectory = "/mnt on / (ext4)" }, "there is no profile"),
            (on with { Version = "0.1.0, measurements 1, quick" }, "there is no profile"),
        ];
        Assert.All(others, other =>
        {
            var found = store.Load(other.Now);
            Assert.Null(found.Profile);
            Assert.Contains(other.Reason, found.Reason, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Given_a_file_that_is_no_profile_when_loaded_then_there_is_none_and_a_new_one_takes_its_place()
    {
        var store = new ProfileStore(folder);
        var whole = profile.ToJson();
        Assert.All(["", "not json", "null", "{}", whole[..(whole.Length / 2)], "\0\0\0\0", whole.Replace("\"measuredOn\": {", "\"measuredOnce\": {")], text =>
        {
            File.WriteAllText(store.FileOf(on), text);
            var found = store.Load(on);
            Assert.Null(found.Profile);
            Assert.Contains("is no profile", found.Reason, StringComparison.Ordinal);
            Assert.Null(store.Save(profile));
            Assert.NotNull(store.Load(on).Profile);
        });
        File.WriteAllText(store.FileOf(on), (profile with { MeasuredOn = null }).ToJson());
        Assert.Contains("nowhere", store.Load(on).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Given_a_place_where_nothing_can_be_kept_when_saved_then_the_reason_comes_back_and_nothing_is_thrown()
    {
        File.WriteAllText(Path.Combine(folder, "file"), "");
        var store = new ProfileStore(Path.Combine(folder, "file"));
        Assert.NotNull(store.Save(profile));
        Assert.Contains("there is no profile", store.Load(on).Reason, StringComparison.Ordinal);
        var blocked = new ProfileStore(folder);
        Directory.CreateDirectory(blocked.FileOf(on));
        Assert.NotNull(blocked.Save(profile));
        Assert.Contains("cannot be read", blocked.Load(on).Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.EnumerateFiles(folder), f => f.Contains(".json.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/cache", "/home/me", "/cache/flexgen/")]
    [InlineData("not/absolute", "/home/me", "/home/me/.cache/flexgen/")]
    [InlineData("", "/home/me", "/home/me/.cache/flexgen/")]
    public void Given_the_environment_then_profiles_are_in_the_users_cache(string cache, string home, string expected)
    {
        var store = ProfileStore.OfUser(name => name switch { "XDG_CACHE_HOME" => cache, "HOME" => home, _ => null });
        Assert.StartsWith(expected, store.FileOf(on), StringComparison.Ordinal);
    }
}
